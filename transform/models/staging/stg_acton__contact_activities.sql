{{ acton_staging('contact_activities') }}
