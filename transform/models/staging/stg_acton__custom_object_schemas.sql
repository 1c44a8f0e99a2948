{{ acton_staging('custom_object_schemas') }}
