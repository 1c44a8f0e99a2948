{{ acton_staging('image_details') }}
