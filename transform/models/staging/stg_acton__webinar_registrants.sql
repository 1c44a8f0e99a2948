{{ acton_staging('webinar_registrants') }}
