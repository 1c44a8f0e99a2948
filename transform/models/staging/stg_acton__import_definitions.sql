{{ acton_staging('import_definitions') }}
