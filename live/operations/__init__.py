"""The machine around the stages: checks, health, schedule, crontab."""
