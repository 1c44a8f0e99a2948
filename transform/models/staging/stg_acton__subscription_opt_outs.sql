{{ acton_staging('subscription_opt_outs') }}
