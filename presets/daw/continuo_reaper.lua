-- Continuo in Reaper: finds its MIDI ports by name and builds the tracks: a melody that plays into it, and for each of
-- the channels that you name a track that hears and records what comes back. Run again, it mends what is there.
-- Actions, Show action list, New action, Load ReaScript; then run it. Start Continuo first.

local NAME = "Continuo"
local MIDI, ALL_INPUTS, ALL_CHANNELS = 4096, 63, 0

local function device(count, name_of, wanted)
  for dev = 0, count() - 1 do
    local present, name = name_of(dev, "")
    if present and name:lower():find(wanted:lower(), 1, true) then return dev end
  end
end

local function channels(text)
  local found = {}
  for first, last in text:gmatch("(%d+)%-?(%d*)") do
    for channel = tonumber(first), tonumber(last) or tonumber(first) do
      if channel < 1 or channel > 16 then return nil end
      found[#found + 1] = channel
    end
  end
  return #found > 0 and found or nil
end

local function track(name)
  for number = 0, reaper.CountTracks(0) - 1 do
    local found = reaper.GetTrack(0, number)
    local _, has = reaper.GetSetMediaTrackInfo_String(found, "P_NAME", "", false)
    if has == name then return found end
  end
  local number = reaper.CountTracks(0)
  reaper.InsertTrackAtIndex(number, true)
  local made = reaper.GetTrack(0, number)
  reaper.GetSetMediaTrackInfo_String(made, "P_NAME", name, true)
  return made
end

local function listen(to, dev, channel)
  reaper.SetMediaTrackInfo_Value(to, "I_RECINPUT", MIDI | (dev << 5) | channel)
  reaper.SetMediaTrackInfo_Value(to, "I_RECARM", 1)
  reaper.SetMediaTrackInfo_Value(to, "I_RECMON", 1)
end

local function build(to_continuo, from_continuo, wanted)
  local melody = track(NAME .. " melody")
  listen(melody, ALL_INPUTS, ALL_CHANNELS)
  reaper.SetMediaTrackInfo_Value(melody, "I_MIDIHWOUT", (to_continuo << 5) | ALL_CHANNELS)
  for _, channel in ipairs(wanted) do
    local part = track(NAME .. " " .. channel)
    listen(part, from_continuo, channel)
    reaper.SetMediaTrackInfo_Value(part, "I_MIDIHWOUT", -1)  -- or it would play into Continuo again
  end
end

local function say(text) reaper.ShowMessageBox(text, NAME, 0) end

local function main()
  local to_continuo = device(reaper.GetNumMIDIOutputs, reaper.GetMIDIOutputName, NAME .. " In")
  local from_continuo = device(reaper.GetNumMIDIInputs, reaper.GetMIDIInputName, NAME .. " Out")
  if not to_continuo or not from_continuo then
    local missing = to_continuo and "input '" .. NAME .. " Out'" or "output '" .. NAME .. " In'"
    return say("There is no MIDI " .. missing .. ".\n\nStart Continuo (continuo run), then enable both its ports in " ..
      "Preferences, MIDI Devices, and run this again.")
  end
  local done, text = reaper.GetUserInputs(NAME, 1, "Channels of the parts (2-4):", "2")
  if not done then return end
  local wanted = channels(text)
  if not wanted then return say("'" .. text .. "' names no channels: write 2, or 2-4, or 2,5.") end
  reaper.Undo_BeginBlock()
  reaper.PreventUIRefresh(1)
  build(to_continuo, from_continuo, wanted)
  reaper.PreventUIRefresh(-1)
  reaper.TrackList_AdjustWindows(false)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock(NAME .. ": build the tracks", -1)
end

main()
