{{ acton_staging('campaign_details') }}
