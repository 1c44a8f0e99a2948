{{ acton_staging('headers') }}
