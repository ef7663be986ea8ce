// Starts `portcullis lsp` for files of policies. Everything else is the server's.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("portcullis").get("path") || "portcullis";
  const documentSelector = ["iam", "json", "jsonc", "yaml"].map((language) => ({ scheme: "file", language }));
  client = new LanguageClient("portcullis", "portcullis", { command, args: ["lsp"] }, { documentSelector });
  return client.start();
};

exports.deactivate = () => client && client.stop();
