// Package console is what people type: the verbs of the command line, and the interactive console that understands the
// same verbs. Objects are written as in the paper, {job_id: 0x1, reward: [10, 10]}, which is YAML's flow syntax.
//
// What holds:
//   - Everything that can be checked before a message is sent is checked then, with the field named and the fix, so that
//     a mistake moves no coin. The chain checks it all again.
//   - Results go to standard output, as lines for people or as one JSON value; progress and questions go to standard
//     error.
//   - Bytes that strangers wrote (results, names, logs) are never printed as they are: what could steer a terminal is
//     quoted.
package console
