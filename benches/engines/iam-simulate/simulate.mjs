// What this project asks of @cloud-copilot/iam-simulate, which is AGPL: it is run as a process of its own,
// through its public functions, and nothing of it is part of this project.

let simulate;
try {
  simulate = await import('@cloud-copilot/iam-simulate');
} catch (error) {
  console.error(`iam-simulate is not installed: ${error.message}`);
  process.exit(3);
}

const DECISIONS = {
  Allowed: 'Allow',
  ExplicitlyDenied: 'ExplicitDeny',
  ImplicitlyDenied: 'ImplicitDeny',
};

function named(policies, name) {
  return (policies ?? []).map((policy, at) => ({ name: `${name}${at}`, policy }));
}

function levels(chain, name) {
  return (chain ?? []).map((policies, at) => ({
    orgIdentifier: `${name}${at}`,
    policies: named(policies, `${name}${at}-`),
  }));
}

function principal(principal) {
  if (principal === null) return simulate.anonymousPrincipal;
  if (typeof principal === 'string') return principal;
  return principal.arn ?? principal.Service ?? principal.Federated ?? principal.CanonicalUser;
}

// The owner of the resource: said, or in the ARN, or the caller's account.
function owner(request, caller) {
  const account = (arn) => (typeof arn === 'string' ? arn.split(':')[4] : undefined);
  return request.resourceAccount || account(request.resource) || account(caller) || '111122223333';
}

// Something that the package would understand in another way than the rules do.
export class Refused extends Error {}

// The input of the package for policies and request as in corpus/README.md.
export function simulation({ policies, request }) {
  // To the package an empty set is none; to the rules it is one that allows nothing (EVAL-4).
  const sets = [policies.boundary, ...(policies.scps ?? []), ...(policies.rcps ?? [])];
  if (sets.some((set) => set?.length === 0)) throw new Refused('an empty set');
  const caller = principal(request.principal);
  const simulation = {
    identityPolicies: named(policies.identity, 'identity'),
    serviceControlPolicies: levels(policies.scps, 'scp'),
    resourceControlPolicies: levels(policies.rcps, 'rcp'),
    request: {
      principal: caller,
      action: request.action,
      resource: { resource: request.resource, accountId: owner(request, caller) },
      contextVariables: request.context ?? {},
    },
  };
  if (policies.boundary) {
    simulation.permissionBoundaryPolicies = named(policies.boundary, 'boundary');
  }
  if (policies.resource) simulation.resourcePolicy = policies.resource;
  return simulation;
}

// One decision: {decision}, or {refused: WHY} if the package does not take the input.
export async function decide(simulation) {
  const response = await simulate.runSimulation(simulation, {});
  if (response.resultType === 'error') {
    return { refused: response.errors?.message ?? 'unknown', detail: response.errors };
  }
  const decision = DECISIONS[response.overallResult];
  if (!decision) return { refused: `an answer that is not known: ${response.overallResult}` };
  return { decision };
}
