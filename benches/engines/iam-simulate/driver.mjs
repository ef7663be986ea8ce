// Answers scenarios with @cloud-copilot/iam-simulate, which is AGPL: it is run as a process of its own,
// through its public functions, and nothing of it is part of this project.
//
// One scenario a line on standard input, as in corpus/README.md ("policies" and "request"); one line a
// scenario on standard output: {"decision": "Allow" | "ExplicitDeny" | "ImplicitDeny"}, or
// {"refused": WHY} if it does not take the input.
import { createInterface } from 'node:readline';
import { Refused, decide, simulation } from './simulate.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = await decide(simulation(JSON.parse(line)));
  } catch (error) {
    said = { refused: error instanceof Refused ? error.message : `threw: ${error.message}` };
  }
  process.stdout.write(JSON.stringify(said) + '\n');
}
