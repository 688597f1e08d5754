-- A stand-in for Reaper's API (ReaScript, Lua), as far as presets/daw/continuo_reaper.lua uses it; what is not here is an
-- error. SCRIPT is run twice. OUTPUTS, INPUTS: devices, a comma between them, "-" before one that is not plugged in.
-- CHANNELS, KEYBOARD: what the user types; none: the dialog is cancelled. MELODY: the input that a melody track has before.
local function devices(text)
  local found = {}
  for name in text:gmatch("[^,]+") do found[#found + 1] = name end
  return found
end
local outputs, inputs = devices(os.getenv("OUTPUTS")), devices(os.getenv("INPUTS"))
local tracks, depth, frozen = {}, 0, 0
if os.getenv("MELODY") then
  tracks[1] = {P_NAME = "Continuo melody", I_RECINPUT = math.tointeger(os.getenv("MELODY"))}
end

local function name_of(list)
  return function(dev, _)
    local name = list[dev + 1]
    assert(name, "no such device")
    return name:sub(1, 1) ~= "-", name
  end
end
local function changing() assert(depth == 1 and frozen == 1, "outside of the undo block") end

local api = {
  GetNumMIDIOutputs = function() return #outputs end,
  GetNumMIDIInputs = function() return #inputs end,
  GetMIDIOutputName = name_of(outputs),
  GetMIDIInputName = name_of(inputs),
  CountTracks = function(project) assert(project == 0) return #tracks end,
  GetTrack = function(project, number) assert(project == 0) return tracks[number + 1] end,
  InsertTrackAtIndex = function(number, _)
    changing()
    assert(number == #tracks)
    tracks[number + 1] = {P_NAME = "", I_RECINPUT = -1}
  end,
  GetSetMediaTrackInfo_String = function(track, key, value, set)
    assert(key == "P_NAME")
    if set then changing() track[key] = value end
    return true, track[key]
  end,
  SetMediaTrackInfo_Value = function(track, key, value)
    changing()
    assert(math.type(value) == "integer" and ({I_RECINPUT = 1, I_RECARM = 1, I_RECMON = 1, I_MIDIHWOUT = 1})[key])
    track[key] = value
    return true
  end,
  GetMediaTrackInfo_Value = function(track, key)
    assert(key == "I_RECINPUT")
    return track[key] + 0.0
  end,
  GetUserInputs = function(_, count, captions, given)
    assert(count == 1)
    local asked = captions:sub(1, 8) == "Keyboard"
    if asked then print("asks " .. captions) end
    local typed = os.getenv(asked and "KEYBOARD" or "CHANNELS")
    return typed ~= nil, typed or given
  end,
  ShowMessageBox = function(text, _, _) print("says " .. text:gsub("\n+", " ")) return 1 end,
  Undo_BeginBlock = function() depth = depth + 1 end,
  Undo_EndBlock = function(_, flags) depth = depth - 1 assert(flags == -1) end,
  PreventUIRefresh = function(step) frozen = frozen + step end,
  TrackList_AdjustWindows = function(_) end,
  UpdateArrange = function() end,
}
reaper = setmetatable({}, {__index = function(_, key) return api[key] or error("Reaper has no " .. key) end})

for _ = 1, 2 do dofile(os.getenv("SCRIPT")) end
assert(depth == 0 and frozen == 0, "the undo block or the screen is left open")
for _, track in ipairs(tracks) do
  print(track.P_NAME, track.I_RECINPUT, track.I_RECARM, track.I_RECMON, track.I_MIDIHWOUT)
end
