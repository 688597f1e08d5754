-- A headless Ardour session that sends its MIDI clock: it rolls, is relocated, stops, goes on, loops, stops.
-- SESSION_DIR: where it is made. PASS: seconds of each. It says what it does; "ready" is when its clock can be connected.
AudioEngine:set_backend("JACK", "ardour", "")
local dir, pass = os.getenv("SESSION_DIR"), tonumber(os.getenv("PASS"))
local ui = ARDOUR.TransportRequestSource.TRS_UI
local rate = 48000
local function sleep(seconds) ARDOUR.LuaAPI.usleep(math.floor(seconds * 1e6)) end
local function say(what) print(what); io.stdout:flush() end
local function stop() Session:request_stop(false, false, ui); say("stop"); sleep(1) end

-- The loop's range cannot be set by Lua: it is written into the session's file.
Session = create_session(dir, "session", rate)
sleep(1)
ARDOUR.config():set_send_midi_clock(true)
Session:save_state("")
close_session()
sleep(1)
local path = dir .. "/session.ardour"
local file = io.open(path); local xml = file:read("a"); file:close()
local loop = '<Location id="9001" name="Loop" start="a0" end="a564480000" flags="IsAutoLoop,IsHidden" locked="0" timestamp="0"/>'
xml = xml:gsub("<Locations/>", "<Locations>" .. loop .. "</Locations>") -- four beats at 120 bpm
file = io.open(path, "w"); file:write(xml); file:close()
Session = load_session(dir, "session")
sleep(1)

say("ready"); sleep(1.5)
say("roll"); Session:request_roll(ui); sleep(pass)
say("locate"); Session:request_locate(rate * 20, false, ARDOUR.LocateTransportDisposition.MustRoll, ui); sleep(pass)
stop()
say("roll"); Session:request_roll(ui); sleep(pass)
say("loop"); Session:request_play_loop(true, true); sleep(2 * pass)
stop()
say("done")
close_session(); quit()
