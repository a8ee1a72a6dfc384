-- What is stated of the disk, and where the data lie.
select (select s.value::bigint from private.settings s where s.key = 'disk_bytes') as bytes, current_setting('data_directory', true) as folder
