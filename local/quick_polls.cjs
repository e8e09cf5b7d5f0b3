/**
 * Makes CDK's command line ask CloudFormation every 50 ms whether a stack is ready. It asks every 5 seconds by itself
 * (`waitFor` in aws-cdk), and the engine deploys a stack in less than one. `local/deploy.py` starts CDK with this file. See decision D161.
 */
const OF_CDK = 5000;
const OURS = 50;

const usual = globalThis.setTimeout;
const quick = (callback, delay, ...rest) => usual(callback, delay === OF_CDK ? OURS : delay, ...rest);
// The properties have Node's form of setTimeout for promises.
globalThis.setTimeout = Object.defineProperties(quick, Object.getOwnPropertyDescriptors(usual));
