{{ acton_staging('subscription_categories') }}
