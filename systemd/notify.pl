# Connects a descriptor to systemd's notify socket, then becomes the program in its arguments in the same process.
# Node has no datagram sockets of the unix family; perl-base is part of every Debian and Ubuntu.
use strict; use warnings; use Socket;
my $notify;
if (defined(my $path = $ENV{NOTIFY_SOCKET})) {
  $path =~ s/^@/\0/;   # an abstract address
  $^F = 9;             # descriptors up to this number stay open in the program
  socket($notify, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!\n";
  connect($notify, pack_sockaddr_un($path)) or die "connect: $!\n";
  $ENV{NOTIFY_FD} = fileno($notify);
}
exec { $ARGV[0] } @ARGV or die "exec $ARGV[0]: $!\n";
