{{ acton_staging('spam_complaints') }}
