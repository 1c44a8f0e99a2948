{{ acton_staging('segments') }}
