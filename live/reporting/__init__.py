"""Reports as a person reads them: text and mail HTML of the models in `live.views`, and their files."""
