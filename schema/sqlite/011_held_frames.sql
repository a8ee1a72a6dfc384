-- When the time is learnt at last, each boot's newest frame is asked for; months may wait.
create index held_frames_by_boot on held_frames (boot_id, boot_ns);
