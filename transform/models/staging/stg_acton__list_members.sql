{{ acton_staging('list_members') }}
