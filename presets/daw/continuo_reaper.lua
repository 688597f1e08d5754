-- Continuo in Reaper: finds its MIDI ports by name and builds the tracks: a melody, which hears your keyboard and plays
-- into it, and for each of the channels that you name a track that hears and records what comes back. Run again, it mends
-- what is there.
-- Actions, Show action list, New action, Load ReaScript; then run it. Start Continuo first.

local NAME = "Continuo"
local MELODY = NAME .. " melody"
local MIDI, ON_SCREEN, ALL_CHANNELS = 4096, 62, 0  -- 62 is Reaper's keyboard on the screen

local function device(count, name_of, wanted)
  for dev = 0, count() - 1 do
    local present, name = name_of(dev, "")
    if present and name:lower():find(wanted:lower(), 1, true) then return dev end
  end
end

-- What may be a keyboard, in order: {dev, name} of all inputs but Continuo's own, which would feed it with its answers.
local function keyboards()
  local found = {}
  for dev = 0, reaper.GetNumMIDIInputs() - 1 do
    local present, name = reaper.GetMIDIInputName(dev, "")
    local lower = name:lower()
    if present and not lower:find(NAME:lower(), 1, true) and not lower:find("midi through", 1, true) then
      found[#found + 1] = {dev = dev, name = name}
    end
  end
  return found
end

-- The one that a number or a part of a name means.
local function named(text, list)
  if list[tonumber(text)] then return list[tonumber(text)].dev end
  for _, one in ipairs(list) do
    if text ~= "" and one.name:lower():find(text:lower(), 1, true) then return one.dev end
  end
end

-- The device that the melody hears: the one that it has, the only one that there is, or the one that the user says.
local function keyboard(melody)
  local list, listed = keyboards(), {}
  local input = melody and math.floor(reaper.GetMediaTrackInfo_Value(melody, "I_RECINPUT")) or -1
  for number, one in ipairs(list) do
    if input >= MIDI and (input - MIDI) >> 5 == one.dev then return one.dev end
    listed[number] = number .. " " .. one.name:gsub(",", " ")
  end
  if #list < 2 then return list[1] and list[1].dev or ON_SCREEN end
  local done, text = reaper.GetUserInputs(NAME, 1, "Keyboard: " .. table.concat(listed, "; ") .. ",extrawidth=300", "1")
  if not done then return nil end
  local found = named(text, list)
  if not found then
    reaper.ShowMessageBox("'" .. text .. "' is none of: " .. table.concat(listed, "; ") .. ".", NAME, 0)
  end
  return found
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

local function existing(name)
  for number = 0, reaper.CountTracks(0) - 1 do
    local found = reaper.GetTrack(0, number)
    local _, has = reaper.GetSetMediaTrackInfo_String(found, "P_NAME", "", false)
    if has == name then return found end
  end
end

local function track(name)
  local found = existing(name)
  if found then return found end
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

local function build(to_continuo, from_continuo, played, wanted)
  local melody = track(MELODY)
  listen(melody, played, ALL_CHANNELS)
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
  local played = keyboard(existing(MELODY))
  if not played then return end
  reaper.Undo_BeginBlock()
  reaper.PreventUIRefresh(1)
  build(to_continuo, from_continuo, played, wanted)
  reaper.PreventUIRefresh(-1)
  reaper.TrackList_AdjustWindows(false)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock(NAME .. ": build the tracks", -1)
end

main()
