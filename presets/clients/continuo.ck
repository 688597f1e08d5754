// Continuo from ChucK: prints chord and density of insert 1 as they change. With a density: sets it, and ends when
// Continuo has taken it.
// chuck continuo.ck[:port of Continuo[:port to hear on[:density]]]

9000 => int there;
9001 => int here;
-1.0 => float wanted;
if (me.args() > 0) Std.atoi(me.arg(0)) => there;
if (me.args() > 1) Std.atoi(me.arg(1)) => here;
if (me.args() > 2) Std.atof(me.arg(2)) => wanted;

OscOut out;
out.dest("127.0.0.1", there);

OscIn in;
in.port(here);
in.listenAll();

out.start("/continuo/subscribe").add(here).send();  // everything now, and every change
if (wanted >= 0) out.start("/continuo/1/density").add(wanted).send();

OscMsg msg;
false => int taken;
while (!taken) {
    in => now;
    while (in.recv(msg)) {
        if (msg.address == "/continuo/1/chord") <<< "chord", msg.getString(0) >>>;
        if (msg.address == "/continuo/1/density") {
            <<< "density", msg.getFloat(0) >>>;
            wanted >= 0 && Math.fabs(msg.getFloat(0) - wanted) < 0.001 => taken;
        }
    }
}
out.start("/continuo/unsubscribe").add(here).send();
