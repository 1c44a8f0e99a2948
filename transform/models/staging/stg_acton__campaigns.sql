{{ acton_staging('campaigns') }}
