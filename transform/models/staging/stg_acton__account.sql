{{ acton_staging('account') }}
