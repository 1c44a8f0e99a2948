{{ acton_staging('upload_jobs') }}
