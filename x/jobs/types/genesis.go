package types

import (
	"fmt"
)

// DefaultGenesis is a chain without jobs.
func DefaultGenesis() *GenesisState {
	return &GenesisState{
		Params:        []VersionedParams{{Version: 1, Params: DefaultParams()}},
		NextJobId:     1,
		NextReleaseId: 1,
		NextRequestId: 1,
	}
}

// Validate checks that every record is known by what refers to it, once.
func (g GenesisState) Validate() error {
	if len(g.Params) == 0 {
		return fmt.Errorf("genesis: params: none; give at least one version")
	}
	for i, params := range g.Params {
		if params.Version != uint64(i+1) {
			return fmt.Errorf("genesis: params: version %d in place %d; versions count from 1", params.Version, i+1)
		}
		if err := params.Params.Validate(); err != nil {
			return fmt.Errorf("genesis: params version %d: %w", params.Version, err)
		}
	}
	if err := g.validateJobs(); err != nil {
		return err
	}
	if err := g.validateRequests(); err != nil {
		return err
	}
	if err := g.validateBuilders(); err != nil {
		return err
	}
	if err := g.validateGrants(); err != nil {
		return err
	}
	if err := g.validateCheckpoints(); err != nil {
		return err
	}
	return g.validateSpaces()
}

func (g GenesisState) validateJobs() error {
	schemas := map[string]bool{}
	for _, schema := range g.Schemas {
		if schema.Digest != Digest(schema.DescriptorSet) || schemas[schema.Digest] {
			return fmt.Errorf("genesis: schema %s: wrong digest or twice", schema.Digest)
		}
		schemas[schema.Digest] = true
	}
	jobs := map[uint64]Job{}
	for _, job := range g.Jobs {
		if _, twice := jobs[job.Id]; twice || job.Id == 0 || job.Id >= g.NextJobId {
			return fmt.Errorf("genesis: job %d: twice, or not below next_job_id %d", job.Id, g.NextJobId)
		}
		if !schemas[job.SchemaDigest] {
			return fmt.Errorf("genesis: job %d: schema %s is missing", job.Id, job.SchemaDigest)
		}
		jobs[job.Id] = job
	}
	terms := map[[2]uint64]bool{}
	for _, t := range g.Terms {
		key := [2]uint64{t.JobId, t.Version}
		if _, known := jobs[t.JobId]; !known || terms[key] {
			return fmt.Errorf("genesis: terms %d of job %d: twice, or of no job", t.Version, t.JobId)
		}
		terms[key] = true
	}
	releases := map[uint64]bool{}
	for _, release := range g.Releases {
		if _, known := jobs[release.JobId]; !known || releases[release.Id] || release.Id == 0 || release.Id >= g.NextReleaseId {
			return fmt.Errorf("genesis: release %d: twice, of no job, or not below next_release_id %d", release.Id, g.NextReleaseId)
		}
		releases[release.Id] = true
	}
	for _, job := range g.Jobs {
		hasRelease := func(id uint64) bool { return id == 0 || releases[id] }
		if !terms[[2]uint64{job.Id, job.TermsVersion}] || !hasRelease(job.WorkerRelease) || !hasRelease(job.EvaluatorRelease) {
			return fmt.Errorf("genesis: job %d: its terms %d or releases %d and %d are missing",
				job.Id, job.TermsVersion, job.WorkerRelease, job.EvaluatorRelease)
		}
	}
	revocations := map[uint64]bool{}
	for _, revocation := range g.Revocations {
		if !releases[revocation.ReleaseId] || revocations[revocation.ReleaseId] {
			return fmt.Errorf("genesis: revocation of release %d: twice, or of no release", revocation.ReleaseId)
		}
		revocations[revocation.ReleaseId] = true
	}
	return nil
}

func (g GenesisState) validateRequests() error {
	terms := map[[2]uint64]bool{}
	for _, t := range g.Terms {
		terms[[2]uint64{t.JobId, t.Version}] = true
	}
	requests := map[uint64]uint32{}
	for _, request := range g.Requests {
		if _, twice := requests[request.Id]; twice || request.Id == 0 || request.Id >= g.NextRequestId {
			return fmt.Errorf("genesis: request %d: twice, or not below next_request_id %d", request.Id, g.NextRequestId)
		}
		if !terms[[2]uint64{request.Spec.JobId, request.TermsVersion}] {
			return fmt.Errorf("genesis: request %d: terms %d of job %d are missing", request.Id, request.TermsVersion, request.Spec.JobId)
		}
		if request.ParamsVersion == 0 || request.ParamsVersion > uint64(len(g.Params)) {
			return fmt.Errorf("genesis: request %d: params version %d is missing", request.Id, request.ParamsVersion)
		}
		requests[request.Id] = 0
	}
	seen := map[string]bool{}
	for _, a := range g.Assignments {
		key := fmt.Sprintf("%d/%s", a.RequestId, a.Worker)
		if _, known := requests[a.RequestId]; !known || seen[key] {
			return fmt.Errorf("genesis: assignment of %s to request %d: twice, or of no request", a.Worker, a.RequestId)
		}
		seen[key] = true
		requests[a.RequestId]++
	}
	for _, request := range g.Requests {
		if have := requests[request.Id]; have != request.Workers {
			return fmt.Errorf("genesis: request %d: %d assignments of %d workers", request.Id, have, request.Workers)
		}
	}
	return nil
}
