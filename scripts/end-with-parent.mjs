// Loaded into each child: when the launcher is killed the channel closes, and a child that lived on
// would hold the port and the queues of the next start. Work under way is fenced in the database.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
