{{ acton_staging('senders') }}
