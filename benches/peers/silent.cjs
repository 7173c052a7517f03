// Artillery posts an event about each run even where its telemetry is disabled; without this module it cannot.
const Module = require('node:module');

const load = Module._load;
Module._load = (name, ...rest) => {
  if (name === 'posthog-node') throw new Error('nothing leaves the machine');
  return load(name, ...rest);
};
