-- Checks REST requests before they are transcoded: names of query parameters, and the body, strictly JSON, against
-- the message that it must become. The tables ROUTES, VERBS, MESSAGES and ENUMS are generated and stand above this
-- text; the key LIST of an enum holds its names for people.
--
-- Envoy lets a request pass where the script fails, so that all of it runs under pcall and fails closed.

local byte, sub, find, match, format = string.byte, string.sub, string.find, string.match, string.format
local MAX_DEPTH = 64
local MAX_VIOLATIONS = 20
-- Bytes. The collector knows nothing of memory that is tight: after such a body it is told.
local LARGE_BODY = 512 * 1024

-- The text under check. Nothing yields between its setting and its use, so one worker thread may share them.
local text, position
local violations
local path, depth = {}, 0

local function field_path()
  local parts = {}
  for i = 1, depth do
    local part = path[i]
    if type(part) == "number" then
      parts[#parts + 1] = "[" .. (part - 1) .. "]"
    elseif byte(part) == 34 then
      parts[#parts + 1] = "[" .. part .. "]"
    else
      if i > 1 then parts[#parts + 1] = "." end
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts)
end

local function violate(description)
  if #violations < MAX_VIOLATIONS then
    violations[#violations + 1] = {field_path(), description}
  end
end

local function malformed(expected)
  error({malformed = "The body is not JSON: expected " .. expected .. " at byte " .. position .. "."}, 0)
end

local function skip_space()
  local b = byte(text, position)
  while b == 32 or b == 10 or b == 13 or b == 9 do
    position = position + 1
    b = byte(text, position)
  end
  return b
end

-- Reads a string and returns what stands between its quotes. A loop over bytes beats string.find on long texts.
local function read_string()
  local start = position + 1
  local i = start
  while true do
    local b = byte(text, i)
    if b == 34 then
      position = i + 1
      return sub(text, start, i - 1)
    elseif b == 92 then
      b = byte(text, i + 1)
      if b == 117 then
        if not find(text, "^%x%x%x%x", i + 2) then
          position = i
          malformed("four hexadecimal digits after \\u")
        end
        i = i + 6
      elseif b == 34 or b == 92 or b == 47 or b == 98 or b == 102 or b == 110 or b == 114 or b == 116 then
        i = i + 2
      else
        position = i
        malformed("a known escape")
      end
    elseif b == nil then
      position = i
      malformed("the end of the string")
    elseif b < 32 then
      position = i
      malformed("no control character in a string")
    else
      i = i + 1
    end
  end
end

local function read_number()
  local whole = match(text, "^-?%d+", position)
  if not whole then malformed("a value") end
  if find(whole, "^-?0%d") then malformed("a number without leading zeros") end
  local start = position
  position = position + #whole
  if byte(text, position) == 46 then
    local digits = match(text, "^%.%d+", position)
    if not digits then malformed("digits after the point") end
    position = position + #digits
  end
  local exponent = byte(text, position)
  if exponent == 69 or exponent == 101 then
    local digits = match(text, "^[eE][+-]?%d+", position)
    if not digits then malformed("digits of the exponent") end
    position = position + #digits
  end
  return sub(text, start, position - 1)
end

local function read_word(word)
  if sub(text, position, position + #word - 1) ~= word then malformed("a value") end
  position = position + #word
end

local function enter()
  depth = depth + 1
  if depth > MAX_DEPTH then
    error({malformed = "The body is nested more than " .. MAX_DEPTH .. " levels deep."}, 0)
  end
end

-- Calls member(key) at each member's value.
local function each_member(member)
  position = position + 1
  enter()
  if skip_space() == 125 then
    position = position + 1
  else
    while true do
      if skip_space() ~= 34 then malformed("a member's name") end
      local key = read_string()
      if skip_space() ~= 58 then malformed("':'") end
      position = position + 1
      skip_space()
      member(key)
      local b = skip_space()
      position = position + 1
      if b == 125 then break end
      if b ~= 44 then
        position = position - 1
        malformed("',' or '}'")
      end
    end
  end
  depth = depth - 1
end

-- Calls item(index) at each item, counted from 1.
local function each_item(item)
  position = position + 1
  enter()
  if skip_space() == 93 then
    position = position + 1
  else
    local index = 0
    while true do
      skip_space()
      index = index + 1
      item(index)
      local b = skip_space()
      position = position + 1
      if b == 93 then break end
      if b ~= 44 then
        position = position - 1
        malformed("',' or ']'")
      end
    end
  end
  depth = depth - 1
end

-- Reads any JSON value.
local any_value
local function any_member() any_value() end
function any_value()
  local b = byte(text, position)
  if b == 34 then read_string()
  elseif b == 123 then each_member(any_member)
  elseif b == 91 then each_item(any_member)
  elseif b == 116 then read_word("true")
  elseif b == 102 then read_word("false")
  elseif b == 110 then read_word("null")
  else read_number() end
end

-- Notes the violation and reads over the value.
local function refuse(description)
  violate(description)
  any_value()
end

local function integer_problem(value, kind)
  local number = tonumber(value)
  if not number or number ~= math.floor(number) then return "must be an integer" end
  if kind == "i" and (number < -2147483648 or number > 2147483647) then return "must fit into 32 bits" end
  if kind == "u" and (number < 0 or number > 4294967295) then return "must fit into 32 bits, unsigned" end
  if kind == "U" and number < 0 then return "must not be negative" end
end

-- What is wrong with a string as the text of a value of this kind, or nil. Used for bodies and query parameters.
local function text_problem(value, kind, detail)
  if kind == "e" then
    if not detail[value] and not find(value, "^-?%d+$") then return "must be one of " .. detail[LIST] end
  elseif kind == "d" then
    if not find(value, "^-?%d+s$") and not find(value, "^-?%d+%.%d+s$") then
      return "must be a duration in seconds such as \"1.5s\""
    end
  elseif kind == "t" then
    local rest = match(value, "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d(.*)$")
    if rest then rest = match(rest, "^%.%d+(.*)$") or rest end
    if not rest or not (rest == "Z" or find(rest, "^[+-]%d%d:%d%d$")) then
      return "must be a time of RFC 3339 such as \"2026-01-31T09:30:00Z\""
    end
  elseif kind == "i" or kind == "u" or kind == "I" or kind == "U" then
    if not find(value, "^-?%d+$") then return "must be an integer" end
    return integer_problem(value, kind)
  elseif kind == "n" then
    if not tonumber(value) and value ~= "NaN" and value ~= "Infinity" and value ~= "-Infinity" then
      return "must be a number"
    end
  elseif kind == "b" then
    if value ~= "true" and value ~= "false" then return "must be true or false" end
  end
end

local message_value

-- Reads one value of a kind; null was dealt with.
local function kind_value(kind, detail)
  local b = byte(text, position)
  if kind == "*" then
    any_value()
  elseif kind == "o" then
    if b ~= 123 then return refuse("must be an object") end
    message_value(MESSAGES[detail])
  elseif kind == "O" then
    if b ~= 123 then return refuse("must be an object") end
    any_value()
  elseif kind == "L" then
    if b ~= 91 then return refuse("must be a list") end
    any_value()
  elseif b == 34 then
    if kind == "b" then return refuse("must be true or false, not a string") end
    local value = read_string()
    if kind ~= "s" and not find(value, "\\", 1, true) then
      local problem = text_problem(value, kind, detail)
      if problem then violate(problem) end
    end
  elseif b == 45 or (b and b >= 48 and b <= 57) then
    local value = read_number()
    if kind == "i" or kind == "u" or kind == "I" or kind == "U" or kind == "e" then
      local problem = integer_problem(value, kind)
      if problem then violate(problem) end
    elseif kind ~= "n" then
      violate(kind == "b" and "must be true or false" or "must be a string")
    end
  elseif b == 116 or b == 102 then
    any_value()
    if kind ~= "b" then
      violate((kind == "s" or kind == "d" or kind == "t" or kind == "e") and "must be a string" or "must be a number")
    end
  elseif kind == "b" then
    refuse("must be true or false")
  elseif kind == "s" or kind == "d" or kind == "t" or kind == "e" then
    refuse("must be a string")
  else
    refuse("must be a number")
  end
end

local function field_value(field)
  local kind, shape, detail = field[2], field[3], field[4]
  local b = byte(text, position)
  if b == 110 then
    read_word("null")
  elseif shape == 0 then
    kind_value(kind, detail)
  elseif shape == 1 then
    if b ~= 91 then return refuse("must be a list") end
    each_item(function(index)
      path[depth] = index
      if byte(text, position) == 110 and kind ~= "*" then refuse("must not be null") else kind_value(kind, detail) end
    end)
  else
    if b ~= 123 then return refuse("must be an object") end
    each_member(function(key)
      path[depth] = "\"" .. key .. "\""
      if byte(text, position) == 110 and kind ~= "*" then refuse("must not be null") else kind_value(kind, detail) end
    end)
  end
end

function message_value(fields, bound)
  local seen = {}
  each_member(function(key)
    path[depth] = key
    local field = fields[key]
    if not field then
      refuse("no such field")
    elseif seen[field] then
      refuse("is given twice")
    elseif bound and bound[field[1]] then
      refuse("is in the path already")
    else
      seen[field] = true
      field_value(field)
    end
  end)
end

local function check_body(body, rule)
  text, position, depth = body, 1, 0
  local b = skip_space()
  if b ~= 123 then
    if b == nil then malformed("an object") end
    any_value()
    if skip_space() ~= nil then malformed("the end") end
    violate("must be an object")
    return
  end
  message_value(MESSAGES[rule.body], rule.bound)
  if skip_space() ~= nil then malformed("the end") end
end

local function percent_decode(value)
  value = value:gsub("+", " ")
  return (value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function check_query(query, rule)
  for pair in query:gmatch("[^&]+") do
    local name, value = match(pair, "^([^=]*)=(.*)$")
    if not name then name, value = pair, "" end
    name = percent_decode(name)
    depth = 1
    path[1] = name
    local fields, field = MESSAGES[rule.query], nil
    local first = match(name, "^[^.]*")
    for part in (name .. "."):gmatch("([^.]*)%.") do
      field = fields and fields[part]
      if not field then break end
      fields = field[2] == "o" and field[3] == 0 and MESSAGES[field[4]] or nil
    end
    local top = MESSAGES[rule.query][first]
    if not field then
      violate("no such query parameter")
    elseif rule.bound and rule.bound[top[1]] then
      violate("is in the path already")
    elseif rule.body_field == "*" or rule.body_field == top[1] then
      violate("belongs into the body")
    elseif field[3] == 2 or field[2] == "o" or field[2] == "O" or field[2] == "L" or field[2] == "*" then
      violate("cannot be given as a query parameter")
    else
      local problem = text_problem(percent_decode(value), field[2], field[4])
      if problem then violate(problem) end
    end
  end
end

local function find_rule(node, segments, index, verb)
  local segment = segments[index]
  if segment == nil then
    return node[1] and node[1][verb]
  end
  local child = node[2] and node[2][segment]
  local rule = child and find_rule(child, segments, index + 1, verb)
  if rule then return rule end
  child = node[3]
  return child and segment ~= "" and find_rule(child, segments, index + 1, verb)
end

-- Returns the rule of a method and a path without its query, or nil.
local function route(method, target)
  local segments = {}
  for segment in target:gmatch("/([^/]*)") do segments[#segments + 1] = segment end
  local last = segments[#segments]
  local head, verb = match(last or "", "^(.*):([^:]*)$")
  if verb and VERBS[verb] then
    segments[#segments] = head
    return find_rule(ROUTES, segments, 1, method .. ":" .. verb)
  end
  return find_rule(ROUTES, segments, 1, method)
end

local ESCAPES = {[34] = '\\"', [92] = "\\\\"}
local function quote(value)
  return '"' .. value:gsub('[%c"\\\127-\255]', function(c)
    local b = byte(c)
    return ESCAPES[b] or (b < 32 or b == 127) and format("\\u%04x", b) or nil
  end) .. '"'
end

-- Keys stand in the path as they were written in JSON, escapes included; these are of no use to people.
local function plain(value) return (value:gsub("\\", "?")) end

local function answer(handle, http, code, message, reason, found)
  local details = {
    '{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"', reason,
    '","domain":"flowmesh.gateway","metadata":{}}'
  }
  if found then
    details[#details + 1] = ',{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":['
    for i, violation in ipairs(found) do
      details[#details + 1] = (i > 1 and "," or "") .. '{"field":' .. quote(plain(violation[1])) ..
        ',"description":' .. quote(violation[2]) .. "}"
    end
    details[#details + 1] = "]}"
  end
  handle:streamInfo():dynamicMetadata():set("flowmesh", "status_written", true)
  handle:respond(
    {[":status"] = tostring(http), ["content-type"] = "application/json"},
    '{"code":' .. code .. ',"message":' .. quote(message) .. ',"details":[' .. table.concat(details) .. "]}"
  )
end

local function fail(handle, problem)
  handle:logErr("the check of a request failed: " .. tostring(problem))
  answer(handle, 500, 13, "The gateway failed.", "INTERNAL")
end

-- Runs a check and answers the request where it must not go on. Returns whether it may.
local function passes(handle, check, input, rule)
  violations = {}
  local ok, problem = pcall(check, input, rule)
  if not ok then
    if type(problem) == "table" then
      answer(handle, 400, 3, problem.malformed, "REQUEST_MALFORMED")
    else
      fail(handle, problem)
    end
    return false
  end
  if violations[1] then
    local first = violations[1]
    local name = plain(first[1])
    local message = name == "" and "The body " .. first[2] .. "." or name .. ": " .. first[2] .. "."
    answer(handle, 400, 3, message, "FIELD_INVALID", violations)
    return false
  end
  return true
end

local function is_json(content_type)
  local essence = match(content_type, "^%s*([^;%s]*)")
  return essence and essence:lower() == "application/json"
end

-- The filter that checked the token takes the first thing in the header that looks like one; services read the whole of
-- it. Nothing may be there that one of them sees and the other does not.
local function one_token(credentials)
  return find(credentials, "^Bearer [%w_-]+%.[%w_-]+%.[%w_-]+$") ~= nil
end

-- Notes how long the answer may be kept, and whether the caller has it already.
local function keep(metadata, rule, headers)
  metadata:set("flowmesh", "keep", rule.keep)
  if not rule.tagged then return end
  metadata:set("flowmesh", "tag", '"' .. TAG .. '"')
  local known = headers:get("if-none-match")
  if known and (find(known, TAG, 1, true) or known == "*") then metadata:set("flowmesh", "known", true) end
end

local function inspect(handle)
  local headers = handle:headers()
  if headers:get("x-flowmesh-sub") and not one_token(headers:get("authorization") or "") then
    return handle:respond({[":status"] = "401"}, "")
  end
  local trace = headers:get("traceparent")
  if trace and find(trace, "^%x%x%-%x+%-%x+%-%x%x$") then
    handle:streamInfo():dynamicMetadata():set("flowmesh", "trace_id", sub(trace, 4, 35))
  end
  local content_type = headers:get("content-type")
  if content_type and find(content_type, "^application/grpc") then return end
  -- To the service it would say how the transcoded message is packed, which it is not.
  headers:remove("grpc-encoding")
  local target = headers:get(":path")
  if not target then return end
  local query_start = find(target, "?", 1, true)
  local rule = route(headers:get(":method"), query_start and sub(target, 1, query_start - 1) or target)
  if not rule then return end
  if query_start and not passes(handle, check_query, sub(target, query_start + 1), rule) then return end
  if rule.stream then handle:streamInfo():dynamicMetadata():set("flowmesh", "stream", true) end
  if rule.keep then keep(handle:streamInfo():dynamicMetadata(), rule, headers) end
  if rule.raw then return end
  local body = handle:body()
  local size = body and body:length() or 0
  if size == 0 then return end
  if not rule.body then
    return answer(handle, 400, 3, "This method takes no body.", "REQUEST_MALFORMED")
  end
  if not content_type or not is_json(content_type) then
    return answer(handle, 415, 3, "The content type must be application/json.", "REQUEST_MALFORMED")
  end
  passes(handle, check_body, body:getBytes(0, size), rule)
  text = nil
  if size > LARGE_BODY then collectgarbage() end
end

function envoy_on_request(handle)
  local ok, problem = pcall(inspect, handle)
  if not ok then fail(handle, problem) end
end

function envoy_on_response(handle)
  local mark = handle:streamInfo():dynamicMetadata():get("flowmesh")
  if not mark then return end
  local headers = handle:headers()
  if mark.stream then
    -- The transcoder calls a stream of lines application/json. One answer has a length, a stream has none.
    if headers:get("content-type") == "application/json" and not headers:get("content-length") then
      headers:replace("content-type", "application/x-ndjson")
    end
  elseif mark.keep and headers:get(":status") == "200" then
    headers:replace("cache-control", mark.keep)
    if not mark.tag then return end
    headers:replace("etag", mark.tag)
    -- Whoever signs in after somebody else at the same browser asks anew.
    headers:add("vary", "authorization")
    if not mark.known then return end
    headers:replace(":status", "304")
    headers:remove("content-type")
    headers:remove("content-length")
    for chunk in handle:bodyChunks() do chunk:setBytes("") end
  end
end
