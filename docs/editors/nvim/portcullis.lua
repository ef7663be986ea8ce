-- `portcullis lsp` in Neovim, for policies in JSON and in the policy language: source this file from `init.lua`, or copy it to
-- the folder `plugin` of the configuration.

vim.filetype.add({ extension = { iam = 'iam' } })

vim.api.nvim_create_autocmd('FileType', {
  pattern = { 'iam', 'json', 'yaml' },
  callback = function(event)
    local config = { name = 'portcullis', cmd = { vim.env.PORTCULLIS or 'portcullis', 'lsp' }, root_dir = vim.fn.getcwd() }
    if vim.lsp.start then
      vim.lsp.start(config)
      return
    end
    -- Neovim before 0.8.
    portcullis_client = portcullis_client or vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(event.buf, portcullis_client)
  end,
})
