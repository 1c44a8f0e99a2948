{{ acton_staging('custom_object_datasets') }}
