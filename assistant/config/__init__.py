"""Configuration: `schema` holds types and defaults, `load` reads YAML, `paths` knows where files live."""
