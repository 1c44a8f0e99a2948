{{ acton_staging('forms') }}
