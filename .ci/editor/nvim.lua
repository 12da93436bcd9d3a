-- Neovim's own client at work: nvim --headless -u NONE -l is not in old versions, so this is sourced and quits by itself.
-- The server and the repository come in $BIN and $REPO; what fails is said on standard error, with exit code 1.
local bin, repo = vim.env.BIN, vim.env.REPO

local function fail(what, got)
  io.stderr:write(what .. ': ' .. vim.inspect(got) .. '\n')
  vim.cmd('cquit 1')
end

local function check(what, holds, got)
  if not holds then
    fail(what, got)
  end
end

local function main()
  vim.cmd('edit ' .. repo .. '/plain/settings.yaml')
  local client_id = vim.lsp.start_client({ name = 'gitops-lint', cmd = { bin, 'lsp' }, root_dir = repo })
  check('the client starts', client_id, client_id)
  local function attach(path)
    vim.cmd('edit! ' .. repo .. '/' .. path)
    vim.lsp.buf_attach_client(0, client_id)
    return vim.api.nvim_get_current_buf()
  end
  local function ask(method, line, character)
    local params = {
      textDocument = { uri = vim.uri_from_bufnr(0) },
      position = { line = line, character = character },
    }
    local answers, err = vim.lsp.buf_request_sync(0, method, params, 20000)
    check(method, answers and answers[client_id] and answers[client_id].result, err or answers)
    return answers[client_id].result
  end

  -- Diagnostics come while somebody types, and go when it is mended.
  local buffer = attach('plain/settings.yaml')
  local function found()
    return vim.diagnostic.get(buffer)
  end
  vim.wait(20000, function()
    return vim.lsp.get_client_by_id(client_id).initialized
  end)
  vim.api.nvim_buf_set_lines(buffer, 6, 7, false, { '  a: yes' })
  vim.wait(20000, function()
    return #found() == 1
  end)
  check('a diagnostic', #found() == 1 and found()[1].code == 'implicit-type' and found()[1].lnum == 6, found())
  vim.api.nvim_buf_set_lines(buffer, 6, 7, false, { '  a: b' })
  vim.wait(20000, function()
    return #found() == 0
  end)
  check('no diagnostic', #found() == 0, found())
  vim.cmd('edit!')

  attach('values/prod.yaml')
  local hover = ask('textDocument/hover', 0, 2)
  check('hover', hover.contents.value:find('`replicas` = `3`', 1, true), hover)
  local places = ask('textDocument/definition', 0, 2)
  check('definition', #places == 1 and places[1].uri:find('charts/shop/templates/web.yaml', 1, true), places)
  vim.api.nvim_buf_set_lines(0, 3, 4, false, { 'ima' })
  local items = ask('textDocument/completion', 3, 3)
  vim.api.nvim_buf_set_lines(0, 2, 4, false, { '  ' })
  items = ask('textDocument/completion', 2, 2)
  local labels = vim.tbl_map(function(item)
    return item.label
  end, items)
  check('completion', vim.tbl_contains(labels, 'pullPolicy') and vim.tbl_contains(labels, 'tag'), labels)
  vim.cmd('edit!')

  attach('apps/teams.yaml')
  hover = ask('textDocument/hover', 7, 5)
  check('hover on a set', hover.contents.value:find('generates 2 Applications', 1, true), hover)
  places = ask('textDocument/definition', 16, 16)
  check('definition of a project', #places == 1 and places[1].uri:find('apps/project.yaml', 1, true), places)
  vim.lsp.stop_client(client_id)
  io.stdout:write('Neovim: diagnostics, hover, definition, completion\n')
  vim.cmd('qall!')
end

local ok, err = pcall(main)
if not ok then
  fail('error', err)
end
