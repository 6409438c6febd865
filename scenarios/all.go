package scenarios

import "slices"

// All lists every scenario. A new one is a value in a file of its family, and a word here.
func All() []Scenario {
	return []Scenario{
		calmDay(), partitionHeal(), halved(), severed(), offline(), households(), halves(), pairs(), oneWayCut(), badLinks(), slowGossip(), editingSprint(),
		crashStorm(), lendersLeave(), powerLoss(), blackout(), tornWrite(), lostDisk(), clockJump(),
		equivocators(), lateTwins(), forgers(), trespassers(), withholders(), lyingWorkers(), secondRound(), devices(), colludingWorkers(),
		mixedKernels(), crowd(), rolesChange(), revoked(), overreach(), comebacks(), coAuthors(), demoted(), chatDay(), lendingDay(), slowLenders(), twoWriters(), allAtOnce(), canary(),
	}
}

// Find finds a scenario by name.
func Find(name string) (Scenario, bool) {
	all := All()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}
