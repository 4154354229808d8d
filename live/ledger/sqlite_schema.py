"""What creates the ledger in a SQLite file; written by `python -m live.ledger.schema`."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """\
CREATE TABLE alerts (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	"key" VARCHAR(128) NOT NULL,
	level VARCHAR(10) NOT NULL,
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	sent_at DATETIME,
	attempts INTEGER NOT NULL,
	error TEXT NOT NULL,
	PRIMARY KEY (id)
)""",
    """\
CREATE TABLE cash_flows (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	flow_id VARCHAR(128) NOT NULL,
	day DATE NOT NULL,
	kind VARCHAR(20) NOT NULL,
	amount NUMERIC(18, 6) NOT NULL,
	note TEXT NOT NULL,
	noted_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, flow_id)
)""",
    """\
CREATE TABLE config_history (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	config_sha256 VARCHAR(64) NOT NULL,
	config_snapshot TEXT NOT NULL,
	changed_by VARCHAR(50) NOT NULL,
	change_reason TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (id)
)""",
    """\
CREATE TABLE config_overrides (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	parameter_name VARCHAR(128) NOT NULL,
	override_value TEXT NOT NULL,
	effective_from DATETIME NOT NULL,
	effective_until DATETIME,
	created_by VARCHAR(50) NOT NULL,
	created_at DATETIME NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (id)
)""",
    """\
CREATE TABLE orders (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	client_order_id VARCHAR(128) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	mode VARCHAR(20) NOT NULL,
	symbol VARCHAR(16) NOT NULL,
	side VARCHAR(8) NOT NULL,
	intent VARCHAR(12) NOT NULL,
	quantity INTEGER NOT NULL,
	order_type VARCHAR(16) NOT NULL,
	time_in_force VARCHAR(8) NOT NULL,
	attempt INTEGER NOT NULL,
	parent_client_order_id VARCHAR(128),
	rank DOUBLE NOT NULL,
	reason TEXT NOT NULL,
	details JSON NOT NULL,
	reference_price NUMERIC(18, 6),
	quote_price NUMERIC(18, 6),
	stop_price NUMERIC(18, 6),
	planned_stop_price NUMERIC(18, 6),
	state VARCHAR(20) NOT NULL,
	state_reason TEXT NOT NULL,
	broker_order_id VARCHAR(64),
	filled_quantity INTEGER NOT NULL,
	average_price NUMERIC(18, 6),
	commission NUMERIC(18, 6) NOT NULL,
	body JSON,
	ids_before JSON,
	position_before INTEGER,
	clock_offset_seconds DOUBLE,
	seal VARCHAR(64),
	planned_at DATETIME NOT NULL,
	sent_at DATETIME,
	gave_up_at DATETIME,
	ended_at DATETIME,
	PRIMARY KEY (id),
	UNIQUE (account, client_order_id)
)""",
    """\
CREATE TABLE performance_snapshots (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	at DATETIME NOT NULL,
	mode VARCHAR(20) NOT NULL,
	equity DOUBLE NOT NULL,
	cash DOUBLE NOT NULL,
	daily_return DOUBLE,
	cumulative_return DOUBLE,
	drawdown DOUBLE,
	residual_cash DOUBLE,
	context JSON NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, variant, session)
)""",
    """\
CREATE TABLE positions (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	symbol VARCHAR(16) NOT NULL,
	status VARCHAR(8) NOT NULL,
	quantity INTEGER NOT NULL,
	entry_quantity INTEGER NOT NULL,
	entry_price NUMERIC(18, 6) NOT NULL,
	entry_session DATE NOT NULL,
	needs_stop BOOLEAN NOT NULL,
	stop_price NUMERIC(18, 6),
	stop_client_order_id VARCHAR(128),
	stop_broker_order_id VARCHAR(64),
	stop_expires_at DATETIME,
	details JSON NOT NULL,
	exit_price NUMERIC(18, 6),
	exit_session DATE,
	exit_reason TEXT,
	realised_pnl NUMERIC(18, 6) NOT NULL,
	mode VARCHAR(20) NOT NULL,
	current_value NUMERIC(18, 6),
	created_at DATETIME,
	last_updated DATETIME,
	PRIMARY KEY (id)
)""",
    """\
CREATE TABLE run_log (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	variant VARCHAR(64) NOT NULL,
	role VARCHAR(8) NOT NULL,
	mode VARCHAR(20) NOT NULL,
	due_at DATETIME,
	generated_at DATETIME,
	approved_at DATETIME,
	executed_at DATETIME,
	missed BOOLEAN NOT NULL,
	generator_exit INTEGER,
	executor_exit INTEGER,
	outcome VARCHAR(20) NOT NULL,
	detail JSON NOT NULL,
	source TEXT,
	past BOOLEAN,
	PRIMARY KEY (id),
	UNIQUE (account, session, variant)
)""",
    """\
CREATE TABLE shadow_books (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	cash DOUBLE NOT NULL,
	equity DOUBLE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, variant)
)""",
    """\
CREATE TABLE shadow_positions (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	symbol VARCHAR(16) NOT NULL,
	quantity INTEGER NOT NULL,
	entry_price DOUBLE NOT NULL,
	entry_session DATE NOT NULL,
	stop_price DOUBLE,
	details JSON NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, variant, symbol)
)""",
    """\
CREATE TABLE shadow_signals (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	variant VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	status VARCHAR(10) NOT NULL,
	decision JSON NOT NULL,
	memory JSON NOT NULL,
	fills JSON NOT NULL,
	cash DOUBLE NOT NULL,
	equity DOUBLE NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, variant, session)
)""",
    """\
CREATE TABLE signal_files (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	variant VARCHAR(64) NOT NULL,
	role VARCHAR(8) NOT NULL,
	path TEXT NOT NULL,
	content TEXT NOT NULL,
	seal VARCHAR(64) NOT NULL,
	bytes_sha256 VARCHAR(64) NOT NULL,
	generated_at DATETIME NOT NULL,
	approved_sha256 VARCHAR(64),
	approved_at DATETIME,
	approved_by VARCHAR(64),
	approval_expires_at DATETIME,
	answer VARCHAR(8),
	executed_sha256 VARCHAR(64),
	executed_content TEXT,
	outcome VARCHAR(20) NOT NULL,
	memory JSON NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, session, variant)
)""",
    """\
CREATE TABLE system_state (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	"key" VARCHAR(64) NOT NULL,
	value TEXT,
	updated_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, "key")
)""",
    """\
CREATE TABLE alert_deliveries (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	alert_id INTEGER NOT NULL,
	channel VARCHAR(64) NOT NULL,
	attempts INTEGER NOT NULL,
	last_at DATETIME NOT NULL,
	delivered_at DATETIME,
	error TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, alert_id, channel),
	FOREIGN KEY(alert_id) REFERENCES alerts (id)
)""",
    """\
CREATE TABLE executions (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	execution_id VARCHAR(128) NOT NULL,
	order_id INTEGER,
	broker_order_id VARCHAR(64) NOT NULL,
	symbol VARCHAR(16) NOT NULL,
	side VARCHAR(8) NOT NULL,
	quantity INTEGER NOT NULL,
	price NUMERIC(18, 6) NOT NULL,
	commission NUMERIC(18, 6) NOT NULL,
	at DATETIME NOT NULL,
	booked_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (account, execution_id),
	FOREIGN KEY(order_id) REFERENCES orders (id)
)""",
    """\
CREATE TABLE live_trades (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	order_id INTEGER NOT NULL,
	variant VARCHAR(64) NOT NULL,
	session DATE NOT NULL,
	at DATETIME NOT NULL,
	mode VARCHAR(20) NOT NULL,
	symbol VARCHAR(16) NOT NULL,
	action VARCHAR(8) NOT NULL,
	intent VARCHAR(12) NOT NULL,
	quantity INTEGER NOT NULL,
	target_price NUMERIC(18, 6),
	fill_price NUMERIC(18, 6) NOT NULL,
	commission NUMERIC(18, 6) NOT NULL,
	slippage_pct DOUBLE,
	quote_slippage_pct DOUBLE,
	realised_pnl NUMERIC(18, 6),
	broker_order_id VARCHAR(64),
	execution_time VARCHAR(30) NOT NULL,
	parameters JSON NOT NULL,
	context JSON NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (order_id),
	FOREIGN KEY(order_id) REFERENCES orders (id)
)""",
    """\
CREATE TABLE order_events (
	id INTEGER NOT NULL,
	account VARCHAR(64) NOT NULL,
	order_id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	state VARCHAR(20) NOT NULL,
	detail JSON NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(order_id) REFERENCES orders (id)
)""",
    """\
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	PRIMARY KEY (version_num)
)""",
    """\
CREATE INDEX ix_alerts_account_key ON alerts (account, "key")""",
    """\
CREATE INDEX ix_config_overrides_account_name ON config_overrides (account, parameter_name)""",
    """\
CREATE INDEX ix_executions_order ON executions (order_id)""",
    """\
CREATE INDEX ix_live_trades_account_session ON live_trades (account, session)""",
    """\
CREATE INDEX ix_order_events_order_id ON order_events (order_id)""",
    """\
CREATE INDEX ix_orders_account_broker_id ON orders (account, broker_order_id)""",
    """\
CREATE INDEX ix_orders_account_session ON orders (account, session)""",
    """\
CREATE INDEX ix_orders_account_state ON orders (account, state)""",
    """\
CREATE INDEX ix_positions_account_status ON positions (account, status)""",
)
