{{ acton_staging('form_reports') }}
