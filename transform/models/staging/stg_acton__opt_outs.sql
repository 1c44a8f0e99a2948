{{ acton_staging('opt_outs') }}
