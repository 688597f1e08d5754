-- A headless Ardour session: its melody track plays through Continuo, its harmony track records what comes back.
-- SESSION_DIR: where it is made. SECONDS: length of each pass. NAME: what Continuo's ports are called.
-- SCRIPT: what builds and plugs the tracks, as a user would run it.
-- Pass 1 records what arrives at the melody track; pass 2 plays it out and records the answer.
AudioEngine:set_backend("JACK", "ardour", "")
Session = create_session(os.getenv("SESSION_DIR"), "session", 48000)
local function sleep(seconds) ARDOUR.LuaAPI.usleep(math.floor(seconds * 1e6)) end
function ardour(_) end  -- the editor has it
dofile(os.getenv("SCRIPT"))
factory({name = os.getenv("NAME")})()
local function track(name) return Session:route_by_name(name):to_track() end
local melody, harmony = track("Melody"), track("Harmony")
local group = PBD.GroupControlDisposition.NoGroup

local function roll(seconds)
  Session:maybe_enable_record(false); sleep(0.2)
  Session:request_roll(ARDOUR.TransportRequestSource.TRS_UI); sleep(seconds)
  Session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI); sleep(1)
end
melody:rec_enable_control():set_value(1, group)
print("ready"); io.stdout:flush()
roll(tonumber(os.getenv("SECONDS")))
melody:rec_enable_control():set_value(0, group)
harmony:rec_enable_control():set_value(1, group)
sleep(0.3); Session:goto_start(false); sleep(0.5)
roll(tonumber(os.getenv("SECONDS")))
Session:save_state("")
close_session(); quit()
