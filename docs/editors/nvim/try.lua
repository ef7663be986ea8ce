-- Goes through what `portcullis.lua` gives in a Neovim without a screen, and prints what it sees:
--
--   nvim --headless --clean -S docs/editors/nvim/portcullis.lua -S docs/editors/nvim/try.lua -- policy.json
--
-- The first quick fix is applied, and the document is formatted; the file stays as it is.

local function say(what, value)
  io.write(what, ' ', vim.json.encode(value), '\n')
end

local function problems()
  local found = vim.diagnostic.get(0)
  table.sort(found, function(a, b) return a.lnum < b.lnum or (a.lnum == b.lnum and a.col < b.col) end)
  return vim.tbl_map(function(one) return ('%d:%d %s'):format(one.lnum + 1, one.col + 1, one.code) end, found)
end

local function wait(what, done)
  if not vim.wait(20000, done, 20) then
    io.write('error: ', what, ' did not come\n')
    vim.cmd('cquit')
  end
end

local function ask(method, line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
  local client = vim.tbl_values(vim.lsp.get_active_clients())[1]
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local answer = vim.lsp.buf_request_sync(0, method, params, 20000)
  return vim.tbl_values(answer)[1].result
end

local function try()
  vim.cmd('set noswapfile')
  vim.cmd('filetype on')
  vim.cmd('edit ' .. vim.fn.fnameescape(vim.v.argv[#vim.v.argv]))
  wait('a problem', function() return #problems() > 0 end)
  say('problems', problems())

  local line = vim.fn.search('s3:GetObject', 'nw')
  local column = vim.fn.getline(line):find('s3:GetObject', 1, true)
  local hover = ask('textDocument/hover', line, column + 2)
  say('hover', vim.split(hover.contents.value, '\n')[1])
  local items = ask('textDocument/completion', line, column + 5)
  items = items.items or items
  say('completions', #items > 0)

  local client = vim.tbl_values(vim.lsp.get_active_clients())[1]
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  local last = vim.fn.line('$')
  params.range = { start = { line = 0, character = 0 }, ['end'] = { line = last, character = 0 } }
  params.context = { diagnostics = {} }
  local actions = vim.tbl_values(vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 20000))[1].result
  say('fixes', vim.tbl_map(function(one) return one.title end, actions))
  local before = #problems()
  vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
  wait('the document after the fix', function() return #problems() < before end)
  say('problems', problems())

  local options = { textDocument = params.textDocument, options = { tabSize = 2, insertSpaces = true } }
  local edits = vim.tbl_values(vim.lsp.buf_request_sync(0, 'textDocument/formatting', options, 20000))[1].result
  vim.lsp.util.apply_text_edits(edits, 0, client.offset_encoding)
  say('text', vim.api.nvim_buf_get_lines(0, 0, -1, false))
end

local ok, wrong = pcall(try)
if not ok then
  io.write('error: ', tostring(wrong), '\n')
  vim.cmd('cquit')
end
vim.cmd('qall!')
