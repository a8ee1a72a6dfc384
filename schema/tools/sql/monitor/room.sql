select r.*, to_char(current_date + r.days_left, 'YYYY-MM-DD') as full_on from monitor.room_on($1::bigint, $2::bigint) as r
