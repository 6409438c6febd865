package main

import (
	"math/rand/v2"
	"strings"

	"github.com/lifegraph-os/lgos-sim/gpu"
)

// example is a message and its class.
type example struct {
	text  string
	label int
}

// corpus writes n messages from templates; other seeds give other messages.
func corpus(n int, seed uint64) []example {
	draw := rand.NewPCG(seed, 0)
	pick := func(from []string) string { return from[draw.Uint64()%uint64(len(from))] }
	list := make([]example, n)
	for i := range list {
		class := int(draw.Uint64() % uint64(len(gpu.Classes())))
		text := pick(templates()[gpu.Classes()[class]])
		for strings.Contains(text, "{") {
			open := strings.IndexByte(text, '{')
			end := open + strings.IndexByte(text[open:], '}')
			text = text[:open] + pick(slots()[text[open+1:end]]) + text[end+1:]
		}
		if draw.Uint64()%4 == 0 {
			text = pick(fillers()) + " " + text
		}
		list[i] = example{text, class}
	}
	return list
}

func templates() map[string][]string {
	return map[string][]string{
		"question": {
			"when is the {thing} ready?", "does anyone know where the {thing} is?", "who owns the {thing}?", "how do I open the {thing}?",
			"is the {thing} {state} {time}?", "what happened to the {thing}", "why is {name} not here?", "can I see the {thing}?",
			"which {thing} do you mean?", "has {name} seen the {thing}?", "how many people come {time}?", "where do we meet {time}",
		},
		"task": {
			"please {verb} the {thing} {time}", "{name}, can you {verb} the {thing} by {time}?", "todo: {verb} the {thing}", "remember to {verb} the {thing}",
			"we need to {verb} the {thing} {time}", "{name} should {verb} the {thing}", "don't forget to {verb} the {thing}", "could you {verb} this {time}, please",
			"assign the {thing} to {name}", "action item: {name} will {verb} the {thing}",
		},
		"problem": {
			"the {thing} is {broken}", "the {thing} {fails} {time}", "I get an error when I {verb} the {thing}", "help, the {thing} {fails}",
			"cannot {verb} the {thing}, it is {broken}", "{name} says the {thing} {fails} again", "this {thing} is {broken}!", "something is wrong with the {thing}",
			"the {thing} crashed {time}", "we lost the {thing}, it is {broken}",
		},
		"thanks": {
			"thanks {name}!", "thank you for the {thing}", "great work on the {thing}", "thanks a lot", "I really appreciate the {thing}, {name}",
			"many thanks for your help {time}", "well done {name}", "that was very kind, thank you", "awesome {thing}, thanks", "cheers {name}, nice {thing}",
		},
		"greeting": {
			"hello {name}", "good morning everyone", "hi all!", "hey {name}, how are you", "good evening {name}", "welcome to the channel, {name}",
			"see you {time}", "bye for now", "good night everybody", "have a nice weekend, {name}", "hello from {place}", "greetings from {place}",
		},
		"news": {
			"the {thing} is {state} now", "we shipped the {thing} {time}", "{name} moved to {place}", "the {thing} arrived {time}",
			"I finished the {thing}", "our {thing} reached {place}", "fyi the {thing} is {state}", "{name} published the {thing} {time}",
			"the meeting moved to {time}", "new {thing} from {place} is {state}",
		},
	}
}

func slots() map[string][]string {
	return map[string][]string{
		"thing": {"report", "build", "design", "server", "invoice", "agenda", "document", "photo", "channel", "recipe", "calendar", "song",
			"translation", "garden plan", "contract", "budget", "website", "ticket", "lesson", "homework", "backup", "printer", "map", "essay"},
		"name":   {"Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Leslie", "Radia", "Tim", "Ken", "Margaret", "Linus"},
		"verb":   {"review", "send", "fix", "update", "print", "check", "translate", "finish", "share", "clean up", "sign", "copy"},
		"time":   {"today", "tomorrow", "on Monday", "this evening", "next week", "yesterday", "at noon", "before lunch", "in an hour", "on Friday"},
		"state":  {"ready", "online", "finished", "public", "open", "signed", "live", "complete"},
		"broken": {"broken", "down", "corrupt", "missing", "unreadable", "stuck", "empty", "useless"},
		"fails":  {"fails", "does not start", "keeps crashing", "hangs", "times out", "shows an error", "won't load"},
		"place":  {"Rome", "Kyoto", "Lima", "Oslo", "Accra", "Perth", "Quebec", "Cairo"},
	}
}

func fillers() []string {
	return []string{"ok,", "so", "well,", "btw", "folks,", "hm,", "right,", "oh,"}
}
