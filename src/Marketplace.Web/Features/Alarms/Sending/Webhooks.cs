using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using FluentValidation;
using Marketplace.Data;
using Marketplace.Web.Pipeline;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Marketplace.Web.Features.Alarms.Sending;

/// <summary>Adds the address of a program that is told of alarms. The secret is shown once.</summary>
public sealed record AddWebhook(int LoopId, string Url, AlarmSeverity LeastSeverity) : IRequest<WebhookAdded>, IOperatorAct
{
    string IOperatorAct.Subject => $"webhook to {(Uri.TryCreate(Url, UriKind.Absolute, out var url) ? url.Host : "?")}";
}

public sealed record WebhookAdded(int Id, string Secret);

/// <summary>Sends nothing more to a webhook.</summary>
public sealed record RemoveWebhook(int LoopId, int WebhookId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"webhook {WebhookId}");
}

/// <summary>Tries a message again that was given up.</summary>
public sealed record RetryDispatch(int LoopId, long DispatchId) : IRequest<Unit>, IOperatorAct
{
    string IOperatorAct.Subject => string.Create(CultureInfo.InvariantCulture, $"message {DispatchId}");
}

/// <summary>The loop's webhooks and what was sent last.</summary>
public sealed record ShowSending(int LoopId, int Page = 1) : IRequest<SendingSheet>, IGuarded
{
    public const int PageSize = 50;

    public bool Permits(Actor actor) => actor.Operates(LoopId);
}

public sealed record SendingSheet(IReadOnlyList<Webhook> Webhooks, IReadOnlyList<DispatchRow> Dispatches, int Total, bool MailReachesPeople);

/// <param name="To">The person's name or the webhook's address.</param>
public sealed record DispatchRow(Dispatch Dispatch, string? To);

internal sealed class AddWebhookValidator : AbstractValidator<AddWebhook>
{
    public AddWebhookValidator(WebhookDoor door)
    {
        RuleFor(request => request.Url).NotEmpty().WithMessage("State the address.").MaximumLength(500).WithMessage("Use at most 500 characters.");
        RuleFor(request => request.Url).Must(url => Uri.TryCreate(url, UriKind.Absolute, out var parsed) && door.Permits(parsed))
            .WithMessage("Use a public address that begins with https:// and has no name and password in it.");
        RuleFor(request => request.LeastSeverity).IsInEnum().WithMessage("Choose from which urgency on.");
    }
}

internal sealed class WebhooksHandler(Work work, WebhookDoor door, Mail.IMail mail, TimeProvider time)
    : IRequestHandler<AddWebhook, WebhookAdded>, IRequestHandler<RemoveWebhook, Unit>, IRequestHandler<RetryDispatch, Unit>, IRequestHandler<ShowSending, SendingSheet>
{
    private const int Most = 10;

    public async Task<WebhookAdded> Handle(AddWebhook request, CancellationToken cancellationToken)
    {
        var (db, url) = (work.Db, new Uri(request.Url).AbsoluteUri);
        await AlarmBook.LockAsync(db, request.LoopId, cancellationToken);
        var hooks = await db.Webhooks.AsNoTracking().Where(hook => hook.LoopId == request.LoopId).ToListAsync(cancellationToken);
        if (hooks.Exists(hook => hook.RemovedAt is null && hook.Url == url))
        {
            throw new RefusedException(nameof(request.Url), "This address is told already.");
        }

        if (hooks.Count(hook => hook.RemovedAt is null) >= Most)
        {
            throw new RefusedException(nameof(request.Url), $"A loop has at most {Most} webhooks.");
        }

        var secret = "whs_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var id = 1 + hooks.Select(hook => hook.Id).DefaultIfEmpty().Max();
        db.Webhooks.Add(new Webhook { LoopId = request.LoopId, Id = id, Url = url, Secret = door.Protect(secret), LeastSeverity = request.LeastSeverity, AddedAt = time.GetUtcNow() });
        await db.SaveChangesAsync(cancellationToken);
        return new WebhookAdded(id, secret);
    }

    public async Task<Unit> Handle(RemoveWebhook request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await work.Db.Webhooks.Where(hook => hook.LoopId == request.LoopId && hook.Id == request.WebhookId && hook.RemovedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(hook => hook.RemovedAt, now).SetProperty(hook => hook.Secret, ""), cancellationToken);
        return Unit.Value;
    }

    public async Task<Unit> Handle(RetryDispatch request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await work.Db.Dispatches.Where(row => row.LoopId == request.LoopId && row.Id == request.DispatchId && row.State == DispatchState.GivenUp)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, DispatchState.Waiting).SetProperty(row => row.Attempts, 0).SetProperty(row => row.NextAt, now), cancellationToken);
        return Unit.Value;
    }

    public async Task<SendingSheet> Handle(ShowSending request, CancellationToken cancellationToken)
    {
        var (db, loopId) = (work.Db, request.LoopId);
        var all = db.Dispatches.AsNoTracking().Where(row => row.LoopId == loopId);
        var rows = await all.OrderByDescending(row => row.Id).Skip((Math.Max(1, request.Page) - 1) * ShowSending.PageSize).Take(ShowSending.PageSize)
            .Select(row => new DispatchRow(row, row.Way == DispatchWay.Mail
                ? db.Users.Where(person => person.Id == row.AccountId).Select(person => person.DisplayName).FirstOrDefault()
                : db.Webhooks.Where(hook => hook.LoopId == loopId && hook.Id == row.WebhookId).Select(hook => hook.Url).FirstOrDefault()))
            .ToListAsync(cancellationToken);
        return new SendingSheet(
            await db.Webhooks.AsNoTracking().Where(hook => hook.LoopId == loopId && hook.RemovedAt == null).OrderBy(hook => hook.Id).ToListAsync(cancellationToken),
            rows, await all.CountAsync(cancellationToken), mail.ReachesPeople);
    }
}
