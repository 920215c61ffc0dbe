-- The three tasks of three_tasks.rhai for wrk: `view` 5, `check` 3, `login` 1 (two requests).
--
-- wrk keeps one request at a time on each connection, but tells `response` neither the connection nor the request. So
-- a login's token goes to the next request of the thread, on whichever connection, and the item to be checked is known
-- by its text. Requests that never change are made once, as anyone who writes for wrk would do.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  wrong = 0
  tokens = {}
  json = { ["Content-Type"] = "application/json" }
  check = wrk.format("GET", "/items/1")
  login = wrk.format("POST", "/login", json, '{"email":"ann@example.org","password":"secret"}')
  math.randomseed(os.time())
end

function request()
  local token = table.remove(tokens)
  if token then
    return wrk.format("GET", "/private", { ["Authorization"] = "Bearer " .. token })
  end
  local pick = math.random(9)
  if pick <= 5 then
    return wrk.format("GET", "/items/" .. math.random(2, 1000))
  elseif pick <= 8 then
    return check
  end
  return login
end

function response(status, headers, body)
  if status ~= 200 then
    wrong = wrong + 1
  elseif body:find("of the day", 1, true) then
    if tonumber(body:match('"id":(%d+)')) ~= 1 then
      wrong = wrong + 1
    end
  else
    local token = body:match('"accessToken":"([^"]+)"')
    if token then
      table.insert(tokens, token)
    end
  end
end

function done()
  local sum = 0
  for _, thread in ipairs(threads) do
    sum = sum + thread:get("wrong")
  end
  print("wrong answers: " .. sum)
end
