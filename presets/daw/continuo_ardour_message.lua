-- Continuo from Ardour by OSC: an action that sends a message: panic, a preset, a bypass. Put it into Ardour's folder of
-- scripts (~/.config/ardour8/scripts), add it under Edit, Lua Scripts, Script Manager with address and value, as often as
-- you like, and give each a shortcut.
ardour {
  ["type"] = "EditorAction",
  name = "Continuo message",
  author = "Continuo",
  license = "MIT",
  description = [[Sends Continuo an OSC message, such as /continuo/panic, or /continuo/1/bypass with the value 1]],
}

function action_params()
  return {
    ["address"] = {title = "OSC address", default = "/continuo/panic"},
    ["value"] = {title = "Value: a number, a text, or nothing", default = ""},
    ["port"] = {title = "Port of Continuo", default = "9000"},
  }
end

function factory(params)
  return function()
    local given = {}
    for key, param in pairs(action_params()) do given[key] = params and params[key] or param.default end
    local continuo = ARDOUR.LuaOSC.Address("osc.udp://127.0.0.1:" .. given.port)
    local number = tonumber(given.value)
    if given.value == "" then
      continuo:send(given.address, "")
    elseif number then
      continuo:send(given.address, "f", number)
    else
      continuo:send(given.address, "s", given.value)
    end
  end
end
