{{ acton_staging('hard_bounces') }}
