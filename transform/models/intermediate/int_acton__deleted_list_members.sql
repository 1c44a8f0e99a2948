{{ acton.acton_staging('list_members', deleted=true) }}
