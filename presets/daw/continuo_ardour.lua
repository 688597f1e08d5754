-- Continuo in Ardour: builds two MIDI tracks in the open session and plugs them: a melody that plays into Continuo, and a
-- harmony that hears and records what comes back. Start Continuo first. Window, Scripting: paste and run; or put it into
-- Ardour's folder of scripts (~/.config/ardour8/scripts) and it is in Edit, Lua Scripts.
ardour {
  ["type"] = "EditorAction",
  name = "Continuo tracks",
  author = "Continuo",
  license = "MIT",
  description = [[Builds a melody track that plays into Continuo and a harmony track that records what comes back]],
}

function factory(params)
  return function()
    local name = params and params.name or "Continuo"

    local function port(ending, flag)
      local _, found = Session:engine():get_backend_ports("", ARDOUR.DataType("midi"), flag, C.StringVector())
      for one in found[4]:iter() do
        if one:sub(-#ending) == ending then return one end
      end
    end

    local function track(called)
      local one = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
      return Session:new_midi_track(one, one, true, ARDOUR.PluginInfo(), nil, nil, 1, called,
        ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true):front()
    end

    local to = port(name .. " In", ARDOUR.PortFlags.IsInput)
    local from = port(name .. " Out", ARDOUR.PortFlags.IsOutput)
    if not to or not from then
      print("Continuo's ports are not there: start it (continuo run), with JACK or PipeWire as Ardour's backend")
      return
    end
    local melody, harmony = track("Melody"), track("Harmony")
    harmony:input():disconnect_all(nil)
    melody:output():midi(0):connect(to)
    harmony:input():midi(0):connect(from)
    print("Continuo: Melody plays into " .. to .. ", Harmony hears " .. from)
  end
end
