{{ acton_staging('contact_segments') }}
